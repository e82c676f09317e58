"""zimlint: which packets does a Zimbra mail server's firewall let in, and should it?"""

__version__ = "0.1.0"
