"""``escape-vre demo``: the whole product on a data lake of its own."""
