"""What the user's side shows and reads: output, parsing; standard library only."""
