"""How large each result can be and how much work each call is, known before the call is made."""
