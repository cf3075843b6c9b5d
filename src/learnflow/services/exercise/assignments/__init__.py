"""What teachers gave their students to do."""
