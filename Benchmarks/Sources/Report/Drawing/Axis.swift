import Foundation

/// Where a value stands between the ends of an axis, and what is written along it.
package struct Axis {
    package enum Kind {
        case linear
        case logarithmic
        /// Percentiles, spread towards the end: 0.9, 0.99 and 0.999 have the same distances.
        case tail
    }

    package struct Tick {
        package var value: Double
        package var text: String
    }

    package let kind: Kind
    package let range: ClosedRange<Double>
    package let ticks: [Tick]
    package let title: String

    package init(
        _ kind: Kind, _ range: ClosedRange<Double>, ticks: [Tick], title: String
    ) {
        self.kind = kind
        self.range = range
        self.ticks = ticks
        self.title = title
    }

    /// From 0 at the beginning of the axis to 1 at its end.
    package func place(of value: Double) -> Double {
        let (low, high) = (position(range.lowerBound), position(range.upperBound))
        return high == low ? 0 : (position(value) - low) / (high - low)
    }

    private func position(_ value: Double) -> Double {
        switch kind {
        case .linear: value
        case .logarithmic: log10(max(value, .leastNormalMagnitude))
        case .tail: -log10(max(1 - value, 1e-9))
        }
    }

    /// From 0 to a round number at or above the largest value, by round steps.
    package static func linear(
        upTo largest: Double, title: String, steps: Int = 4, text: (Double) -> String
    ) -> Axis {
        let step = roundStep(atLeast: largest / Double(steps))
        let count = max(1, Int((largest / step).rounded(.up)))
        let ticks = (0...count).map { Double($0) * step }
        return Axis(
            .linear, 0...(Double(count) * step),
            ticks: ticks.map { Tick(value: $0, text: text($0)) }, title: title)
    }

    /// By decades around the values; with few of them also by 2 and 5.
    package static func logarithmic(
        around values: [Double], title: String, text: (Double) -> String
    ) -> Axis {
        let low = max(values.min() ?? 1, 1e-12)
        let high = max(values.max() ?? 1, low * 1.01)
        let factors = high / low > 200 ? [1.0] : [1.0, 2, 5]
        let decades = (Int(floor(log10(low))) - 1)...(Int(ceil(log10(high))) + 1)
        let marks = decades.flatMap { decade in factors.map { $0 * pow(10, Double(decade)) } }
        let first = marks.last { $0 <= low } ?? marks[0]
        let last = marks.first { $0 >= high } ?? marks[marks.count - 1]
        return Axis(
            .logarithmic, first...last,
            ticks: marks.filter { $0 >= first && $0 <= last }
                .map { Tick(value: $0, text: text($0)) },
            title: title)
    }

    /// 1, 2, 2.5 or 5 times a power of ten.
    private static func roundStep(atLeast step: Double) -> Double {
        guard step > 0 else { return 1 }
        let decade = pow(10, floor(log10(step)))
        let factor = [1, 2, 2.5, 5, 10].first { $0 * decade >= step * 0.999_999 } ?? 10
        return factor * decade
    }
}
