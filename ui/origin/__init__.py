"""What made this number? One answer for every cell of every matrix: in words, in numbers, as a formula, as lines of PyTorch."""
