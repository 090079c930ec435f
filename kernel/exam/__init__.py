"""What a self knows, asked and graded: questions from the notes, stated rules, a report, and the gate to being live."""
