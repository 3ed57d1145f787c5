"""Whether the study is to be believed: verdicts with a known answer, published studies."""
