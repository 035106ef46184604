"""How requests are read and answers sent, so that no client can hold up another."""
