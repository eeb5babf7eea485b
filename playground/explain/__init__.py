"""What is said of a trace: names, sentences, arithmetic, formulas, derivations."""
