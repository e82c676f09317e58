"""From an /etc/ufw tree to the rulesets that ufw would load."""
