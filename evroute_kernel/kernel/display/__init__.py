"""How things look: findings, records, tables, drawings, forms."""
