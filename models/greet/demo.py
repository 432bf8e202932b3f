"""The smallest demo: plain Python on the visitor's own device, no model."""

import pageside as gr


def greet(name):
    return "Hello " + name + "!!"


demo = gr.Interface(
    fn=greet,
    inputs="text",
    outputs="text",
    examples=["Ada", "Grace", "Katherine"],
    title="Greet",
    description="Three lines of Python, run by your own browser. Nothing that you type leaves this page.",
)

if __name__ == "__main__":
    demo.launch()
