"""How the sessions of one server share its cores: threads take turns, and what is dear has a process of its own."""
