"""Upper bounds on the size of each result and the work of each call, known before the call is made."""
