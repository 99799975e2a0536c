"""Pure rules of the content app: how text that people write becomes markup."""
