/* empty: the smallest possible hook; our hooks are measured against it. DIAGNOSTICS: none. */
int main(void)
{
	return 0;
}
