using Shoal.Cli.Output;

namespace Shoal.Cli.Demo;

internal interface IDemoView : IView
{
    void Show(DemoEvent e);
}
