/// A queue in one array: first in, first out. To append and to take cost the same however much is
/// queued.
struct Fifo<Element> {
    private(set) var elements: ContiguousArray<Element?> = []
    /// The index of the first element; before it there are only empty places.
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Puts elements before all others.
    mutating func prepend(contentsOf first: [Element]) {
        elements.replaceSubrange(..<head, with: first.map { $0 })
        head = 0
    }

    mutating func takeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head].take()
        head += 1
        if isEmpty {
            elements.removeAll(keepingCapacity: head <= 256)
            head = 0
        } else if head >= 64, head * 2 >= elements.count {
            // Moves no more elements than have been taken since the last time.
            elements.removeSubrange(..<head)
            head = 0
        }
        return element
    }

    /// Takes all elements out.
    mutating func takeAll() -> [Element] {
        defer { self = Fifo() }
        return elements[head...].map { $0! }
    }
}
