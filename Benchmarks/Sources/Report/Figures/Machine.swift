/// Where the figures come from: without it they say little.
package struct Machine: Codable, Equatable {
    package var processor: String
    package var cores: Int
    package var memoryGigabytes: Double?
    package var system: String
    package var kernel: String

    enum CodingKeys: String, CodingKey {
        case processor, cores, system, kernel
        case memoryGigabytes = "memory_gb"
    }

    package init(
        processor: String, cores: Int, memoryGigabytes: Double?, system: String, kernel: String
    ) {
        self.processor = processor
        self.cores = cores
        self.memoryGigabytes = memoryGigabytes
        self.system = system
        self.kernel = kernel
    }

    /// The model's name in the text of `/proc/cpuinfo`; ARM's has none.
    package static func processor(inCPUInfo text: String) -> String? {
        value(of: "model name", in: text, separator: ":")
    }

    /// The system's name in the text of `/etc/os-release`.
    package static func system(inOSRelease text: String) -> String? {
        value(of: "PRETTY_NAME", in: text, separator: "=")
    }

    /// The machine's memory in the text of `/proc/meminfo`, in GB as they are sold.
    package static func memoryGigabytes(inMemInfo text: String) -> Double? {
        let words = value(of: "MemTotal", in: text, separator: ":")?.split(separator: " ")
        return words?.first.flatMap { Double($0) }.map { ($0 / 1_048_576).rounded() }
    }

    private static func value(
        of key: String, in text: String, separator: Character
    ) -> String? {
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: separator, maxSplits: 1)
            guard parts.count == 2, trimmed(parts[0]) == key else { continue }
            let value = trimmed(parts[1])
            return value.isEmpty ? nil : value
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        let ends: Set<Character> = [" ", "\t", "\""]
        var text = text
        while let first = text.first, ends.contains(first) { text.removeFirst() }
        while let last = text.last, ends.contains(last) { text.removeLast() }
        return String(text)
    }

    /// One line of text.
    package var summary: String {
        let memory = memoryGigabytes.map { ", \(Int($0)) GB" } ?? ""
        let count = cores == 1 ? "1 core" : "\(cores) cores"
        return "\(processor), \(count)\(memory), \(system), Linux \(kernel)"
    }
}
