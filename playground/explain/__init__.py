"""Explanations of a trace: names, sentences, arithmetic, formulas, derivations."""
