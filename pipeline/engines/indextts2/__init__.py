"""IndexTTS 2.0: our own batched engine on the official checkpoints. engine.py ties the stages together."""
