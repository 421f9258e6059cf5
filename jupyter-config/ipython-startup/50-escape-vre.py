__import__("escape_vre").load_ipython_extension(get_ipython())  # noqa: F821
