"""How often the grader is right: programs whose verdicts are known are graded and compared."""
