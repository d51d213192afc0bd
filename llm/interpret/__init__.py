"""Looking inside: what parts of a trained model do, measured. Pure functions over models and traces."""

from llm.interpret.ablation import ablation

__all__ = ["ablation"]
