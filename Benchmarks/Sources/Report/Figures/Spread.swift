/// Median and range of at least one value.
package struct Spread: Equatable {
    package let median: Double
    package let lowest: Double
    package let highest: Double

    package init(_ values: [Double]) {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median =
            sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        lowest = sorted[0]
        highest = sorted[sorted.count - 1]
    }
}
