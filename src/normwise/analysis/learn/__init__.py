"""What the verdicts teach: a response surface and a rule of thumb."""
