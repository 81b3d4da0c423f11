import Testing

@testable import RegistryNDN

/// The text that Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
@Suite struct MetricsTextTests {
    @Test func aFamilyIsItsHelpItsTypeAndThenItsSamples() {
        var text = MetricsText()
        text.counter(
            "a_total", "What a is.", [.init(1, ("x", "1"), ("y", "2")), .init(UInt64.max, ("x", "2"), ("y", "2"))])
        text.gauge("b", "What b is.", [.init(true)])
        #expect(
            text.text == """
                # HELP a_total What a is.
                # TYPE a_total counter
                a_total{x="1",y="2"} 1
                a_total{x="2",y="2"} 18446744073709551615
                # HELP b What b is.
                # TYPE b gauge
                b 1

                """)
    }

    @Test func aFamilyWithoutSamplesIsLeftOut() {
        var text = MetricsText()
        text.counter("a_total", "None.", [])
        text.histogram("h", "None.", [])
        #expect(text.text.isEmpty)
    }

    @Test(arguments: [
        (#"a"b\c"#, #"a\"b\\c"#), ("a\nb", #"a\nb"#), ("\r\n", "\r\\n"), ("héllo ✓", "héllo ✓"), ("", ""),
        ("a,b={}", "a,b={}"),
    ])
    func whatEndsALabelIsEscaped(value: String, written: String) {
        var text = MetricsText()
        text.gauge("a", "b", [.init(0, ("x", value))])
        #expect(
            text.text.unicodeScalars.elementsEqual(
                "# HELP a b\n# TYPE a gauge\na{x=\"\(written)\"} 0\n".unicodeScalars))
    }

    @Test func aHelpStaysInItsLineAndKeepsItsQuotationMarks() {
        var text = MetricsText()
        text.gauge("a", "one\ntwo \\ \"three\"", [.init(0)])
        #expect(text.text == "# HELP a one\\ntwo \\\\ \"three\"\n# TYPE a gauge\na 0\n")
    }

    @Test(
        arguments: [
            (0.0, "0"), (1, "1"), (-2, "-2"), (0.25, "0.25"), (1e-7, "1e-07"), (1e21, "1e+21"),
            (1_764_460_000.5, "1764460000.5"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func aNumberIsWrittenAsPrometheusReadsIt(number: Double, written: String) {
        var text = MetricsText()
        text.gauge("a", "b", [.init(number)])
        #expect(text.text.hasSuffix("\na \(written)\n"))
    }

    @Test func aHistogramCountsWhatIsAtMostEachBound() {
        var histogram = Histogram(bounds: [0.5, 2])
        for value in [0.25, 0.5, 1, 2, 4] { histogram.observe(value) }
        var text = MetricsText()
        text.histogram("h_seconds", "b", [(histogram, [("x", "y")])])
        #expect(
            text.text == """
                # HELP h_seconds b
                # TYPE h_seconds histogram
                h_seconds_bucket{x="y",le="0.5"} 2
                h_seconds_bucket{x="y",le="2"} 4
                h_seconds_bucket{x="y",le="+Inf"} 5
                h_seconds_sum{x="y"} 7.75
                h_seconds_count{x="y"} 5

                """)
    }
}
