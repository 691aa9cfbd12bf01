"""The quality card: one page that shows what a published dataset's variants are like."""
