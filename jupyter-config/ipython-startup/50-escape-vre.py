get_ipython().magics_manager.register_lazy("dl", "escape_vre.notebook.magics")  # noqa: F821
__import__("escape_vre.notebook.completion", fromlist=["_"]).add_completion(get_ipython())  # noqa: F821
