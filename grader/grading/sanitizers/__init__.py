"""The lane with ThreadSanitizer and AddressSanitizer: tools, canaries, reports, and a theatre with them."""
