"""How the trained screens of words are made: sets, sentences, fitting, figures."""
