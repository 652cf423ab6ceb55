"""What a shopper looks at next: models of sessions, held against each other on later sessions."""
