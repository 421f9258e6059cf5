"""No modules import each other, not even in a function or for types alone."""

from graphlib import CycleError, TopologicalSorter

import grimp


def test_no_modules_import_each_other():
    graph = grimp.build_graph("escape_vre", cache_dir=None)
    order = TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    try:
        order.prepare()
    except CycleError as e:
        raise AssertionError(f"modules import each other: {' → '.join(e.args[1])}") from None
    assert len(graph.modules) > 200
