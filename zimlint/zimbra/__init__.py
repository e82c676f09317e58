"""What Zimbra needs and what it must hide: ports, roles, the site."""
