get_ipython().magics_manager.register_lazy("dl", "escape_vre.notebook.magics")  # noqa: F821
