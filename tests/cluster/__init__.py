"""A real Kubernetes of one node for tests: built from Go modules, run in a network namespace.

``python -m tests.cluster`` says what it can do; ``make cluster`` and ``make test-cluster`` call
it. Needs root on Debian. Where ``KUBECONFIG`` names a cluster, that one is used instead.
"""
