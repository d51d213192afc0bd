"""Small data to train on, shared by the tests of training."""

import torch

from llm.data import TokenData


def token_data(n: int = 2000, seed: int = 0) -> TokenData:
    """Ids 0 to 15 in which each token says a lot about its neighbours; 16 and 17 are special and do not occur."""
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randint(0, 3, (n,), generator=generator)
    ids = steps.cumsum(0) % 16
    cut = n * 9 // 10
    return TokenData(ids[:cut], ids[cut:], torch.arange(0, cut, 50), n - cut, {"<|end|>": 16, "[MASK]": 17})
