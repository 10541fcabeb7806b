import Foundation

extension Double {
    package func formatted(decimals: Int) -> String {
        String(format: "%.\(decimals)f", self)
    }

    /// Three digits that count, with commas between thousands: 0.512, 5.31, 84.7, 12,345.
    package var short: String {
        switch abs(self) {
        case 99.95...: Int(rounded()).withCommas
        case 9.995...: formatted(decimals: 1)
        case 0.9995...: formatted(decimals: 2)
        case 0: "0"
        default: formatted(decimals: 3)
        }
    }

    /// The same without zeros behind the point, for what stands at an axis.
    package var shortest: String {
        let text = short
        guard text.contains(".") else { return text }
        let significant = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(significant.reversed())
    }

    /// The same with a prefix of the decimal system instead of thousands: 12.3 k.
    package var shortWithPrefix: String {
        let prefixes = ["", "k", "M", "G", "T"]
        var (value, index) = (self, 0)
        while abs(value) >= 999.5, index < prefixes.count - 1 {
            (value, index) = (value / 1_000, index + 1)
        }
        return index == 0 ? value.shortest : "\(value.shortest) \(prefixes[index])"
    }

    /// Nanoseconds in the unit that is easiest to read.
    package var asTime: String {
        let (value, unit) = inUnitOfTime
        return "\(value.short) \(unit)"
    }

    /// The same for what stands at an axis.
    package var asTimeAtAxis: String {
        let (value, unit) = inUnitOfTime
        return value == 0 ? "0" : "\(value.shortest) \(unit)"
    }

    private var inUnitOfTime: (Double, String) {
        switch abs(self) {
        case 999_500_000...: (self / 1e9, "s")
        case 999_500...: (self / 1e6, "ms")
        case 999.5...: (self / 1e3, "µs")
        default: (self, "ns")
        }
    }
}

extension Int {
    package var withCommas: String {
        let digits = String(magnitude)
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A number of bytes that is a power of two or a multiple of one: 64 B, 16 KiB, 1 MiB.
    package var asBytes: String {
        switch self {
        case let bytes where bytes >= 1 << 20 && bytes.isMultiple(of: 1 << 20):
            "\(bytes >> 20) MiB"
        case let bytes where bytes >= 1 << 10 && bytes.isMultiple(of: 1 << 10):
            "\(bytes >> 10) KiB"
        default: "\(self) B"
        }
    }
}
