"""When does an L1 penalty beat an L2 penalty? A benchmark that shows its proofs."""
