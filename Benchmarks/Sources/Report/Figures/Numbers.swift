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

    /// The same with a prefix of the decimal system instead of thousands: 12.3 k.
    package var shortWithPrefix: String {
        let prefixes = ["", "k", "M", "G", "T"]
        var (value, index) = (self, 0)
        while abs(value) >= 999.5, index < prefixes.count - 1 {
            (value, index) = (value / 1_000, index + 1)
        }
        return index == 0 ? value.short : "\(value.short) \(prefixes[index])"
    }

    /// Nanoseconds in the unit that is easiest to read.
    package var asTime: String {
        switch abs(self) {
        case 999_500_000...: "\((self / 1e9).short) s"
        case 999_500...: "\((self / 1e6).short) ms"
        case 999.5...: "\((self / 1e3).short) µs"
        default: "\(short) ns"
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
