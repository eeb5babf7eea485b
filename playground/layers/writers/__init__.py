"""The forms of a stack's script, a writer each; `playground.layers.code` puts the parts under imports."""
