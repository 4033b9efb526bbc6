"""Standing orders: agreeing on them, changing them, and making their trips."""
