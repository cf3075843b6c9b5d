"""Questions and answers: asked, kept, waited for, streamed."""
