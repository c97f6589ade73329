"""The lane with ThreadSanitizer and AddressSanitizer: tools, canaries, reports, a theatre."""
