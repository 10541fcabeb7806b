/// A picture with what a reader needs beside it.
package struct Figure {
    package var title: String
    package var caption: String
    package var drawing: Drawing
}
