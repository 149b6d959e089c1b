"""How news reaches people: inside Reverie, and by mail."""
