"""How bytes move: worker threads over kept-alive blocking connections.

Blocking reads into a reused buffer are three times as fast as an async client's chunks on this
machine class (design.md, Transfer), and a worker that waits for a slow storage holds up no other.
"""
