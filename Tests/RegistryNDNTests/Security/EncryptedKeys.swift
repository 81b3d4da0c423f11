/// A throw-away key, and the same encrypted by OpenSSL: the default; PRF SHA-1 and AES-128; AES-192; scrypt.
enum EncryptedKeys {
    static let plain = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWYlycP7S4clNJISY
        QAtdNhce738ikWNvaIa1oBi1P5GhRANCAARMqlXsILzK5QPgQyt0/PsFdYuwUHgb
        5gaEWPEWcNTSU8+0aVTQHgbXqXtOqbs+Nb9jRbUQEuVaH9kGj0bWvgS8
        -----END PRIVATE KEY-----
        """

    static let all = [
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi2SU0/bQ/6FAICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECCphsZ/iBswCX3XRoKdebMEgZD2
        VDHu32Jb+lEBErCOR2ZatZ58rfSRc9mziaancTuaff8jHcW/Wm4xBsmOCTvRCbGZ
        fZoQO+tilZDSbplhpOR7iuiJv1Mdwz9eDnjFU2/vtF7fOSrrEF552Ma8bpGL4GZV
        j1+uwqGHDRFrR3qBdnu9ZmSoe7/CDKGuZq5uiK5/ErBz6Nxj22ENjhprd87b5C8=
        -----END ENCRYPTED PRIVATE KEY-----
        """,
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAjIhi9OJBJZUwICCAAw
        HQYJYIZIAWUDBAECBBAmKed0MCWq1ervhj0cyvG6BIGQn7J6tHNgF323HHvzKIqs
        ooPDGN3WumJiRzMvn+fOBlu2i4Bi33kAoYWMCg1FGvuqhKYr0RRTD8D/uXhaXpVh
        Cf+wqWji1xBajKx06dPDIbE7k0LR9OL9CILC4NaPq9P0tL1MynTdfq1G7BcJELbn
        A24aQFDsEB2Avx5ruaN6u4A09STqWRVXHyqg1xYBWnGy
        -----END ENCRYPTED PRIVATE KEY-----
        """,
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg0Ko8IH5YZnQICA+gw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEARYEEBoa82VmjVsvGXsTt7G+zPMEgZC9
        y9piv35LnzR4d38Mkg4qAy1lovzcyCAsPHRi5vogiOdoHIHQzsZ5UBRJvZHw5QnO
        N3PD3NWDbqRwzUMo+bXvxohFiTmcc+aBQxggbfL0J7wUEstPfzknIdZfUU+bWdXV
        0O/N8RpTl9Ow5cxV6NLUS51GUU0pF3xswjBYoxqoGwuo35mRni8tG8TrBnlUm0E=
        -----END ENCRYPTED PRIVATE KEY-----
        """,
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjMhS6RTwyT5AICQAAC
        AQgCAQEwHQYJYIZIAWUDBAEqBBCSl1Xuje6d9K0julq/EiIWBIGQcb/BUxneDaK+
        amySEkDTQjx/JEj2UeU/kYEixaPi/hDUxWHtHloAAhW8w5CfJJjF2n8BKc2lPUq7
        0FxBhu55Z4uh63F7PzCHnP3M/1c07/Etk5JdiG0pWjCDTTjDNdzwOMDiro+8tX6r
        9HP6kIMbJd+jFG/2QYBdkS/LUe5YoVDOVm4D2gYRRHevUxy8zJHH
        -----END ENCRYPTED PRIVATE KEY-----
        """,
    ]
}
