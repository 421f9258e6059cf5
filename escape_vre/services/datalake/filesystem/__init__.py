"""``rucio://`` for fsspec: files of the data lake, read where they are.

Only ``rucio`` and ``blocks`` import fsspec; all else needs the standard library only.
"""
